"""The store's schema, as numbered steps. Append a step; never edit one that was released.

Step k (counting from 1) leads from schema version k - 1 to k. Each runs in one transaction with the rise of the version. The functions
`seal` and `pack` are ours (`storefile.functions`).
"""

from __future__ import annotations

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        # Where and with what a trial ran: recorded, not part of its digest.
        """CREATE TABLE environment (
            id INTEGER PRIMARY KEY,
            digest BLOB NOT NULL UNIQUE,
            description TEXT NOT NULL
        )""",
        # What trials that differ in seeds alone have in common; apart, because its text is longer than a learning curve.
        """CREATE TABLE configuration (
            id INTEGER PRIMARY KEY,
            digest BLOB NOT NULL UNIQUE,
            description TEXT NOT NULL
        )""",
        """CREATE TABLE trial (
            id INTEGER PRIMARY KEY,
            digest BLOB NOT NULL UNIQUE,
            configuration INTEGER NOT NULL REFERENCES configuration (id),
            environment INTEGER NOT NULL REFERENCES environment (id),
            seed INTEGER NOT NULL,
            replicate INTEGER NOT NULL,
            data BLOB NOT NULL,
            status TEXT NOT NULL,
            sentence TEXT NOT NULL,
            metric TEXT NOT NULL,
            steps INTEGER NOT NULL,
            epochs INTEGER NOT NULL,
            seconds REAL NOT NULL,
            flops REAL NOT NULL,
            train_cost REAL,
            train_metric REAL,
            validation_cost REAL,
            validation_metric REAL,
            test_cost REAL,
            test_metric REAL
        )""",
        # Apart from trial, so that reading the numbers of 100,000 trials does not read their curves.
        """CREATE TABLE curve (
            trial INTEGER PRIMARY KEY REFERENCES trial (id) ON DELETE CASCADE,
            block BLOB NOT NULL,
            digest BLOB NOT NULL
        )""",
        """CREATE TABLE study (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            description TEXT NOT NULL,
            changed TEXT NOT NULL
        )""",
        """CREATE TABLE study_trial (
            study INTEGER NOT NULL REFERENCES study (id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            digest BLOB NOT NULL,
            problem TEXT NOT NULL,
            contender TEXT NOT NULL,
            phase TEXT NOT NULL,
            cell TEXT NOT NULL,
            PRIMARY KEY (study, position)
        ) WITHOUT ROWID""",
    ),
    (
        # What the final test rows say beside cost and metric, and where a diverged trial diverged; NULL in trials of before.
        "ALTER TABLE trial ADD COLUMN roc_auc REAL",
        "ALTER TABLE trial ADD COLUMN confusion TEXT",
        "ALTER TABLE trial ADD COLUMN bad_epoch INTEGER",
        "ALTER TABLE trial ADD COLUMN bad_step INTEGER",
        "ALTER TABLE trial ADD COLUMN bad_layer INTEGER",
        # Of the trials of studies that asked for it. same: the run that was looked at gave the curves that are stored, bit for bit.
        """CREATE TABLE diagnosis (
            trial INTEGER PRIMARY KEY REFERENCES trial (id) ON DELETE CASCADE,
            numbers TEXT NOT NULL,
            same INTEGER NOT NULL
        )""",
    ),
    (
        # A checksum in every row (`optlab.study.seals`): a number that changes on the disk is seen.
        "ALTER TABLE environment ADD COLUMN seal INTEGER",
        "ALTER TABLE configuration ADD COLUMN seal INTEGER",
        "ALTER TABLE trial ADD COLUMN seal INTEGER",
        "ALTER TABLE curve ADD COLUMN seal INTEGER",
        "ALTER TABLE study ADD COLUMN seal INTEGER",
        "ALTER TABLE study_trial ADD COLUMN seal INTEGER",
        "ALTER TABLE diagnosis ADD COLUMN seal INTEGER",
        # From here on descriptions of configurations are packed (`optlab.study.packed`): they were a third of a study of one seed.
        "UPDATE configuration SET description = pack(description)",
        "UPDATE environment SET seal = seal(id, digest, description)",
        "UPDATE configuration SET seal = seal(id, digest, description)",
        """UPDATE trial SET seal = seal(
            id, digest, configuration, environment, seed, replicate, data, status, sentence, metric, steps, epochs, seconds, flops,
            train_cost, train_metric, validation_cost, validation_metric, test_cost, test_metric,
            roc_auc, confusion, bad_epoch, bad_step, bad_layer
        )""",
        "UPDATE curve SET seal = seal(trial, block, digest)",
        "UPDATE study SET seal = seal(id, name, description, changed)",
        "UPDATE study_trial SET seal = seal(study, position, digest, problem, contender, phase, cell)",
        "UPDATE diagnosis SET seal = seal(trial, numbers, same)",
    ),
)
