"""The formula compiler: one graph, five uses.

An author's plain scalar formula is traced once (`graph.trace`); the graph gives derivatives (`derive`), compiled loops
(`compile` on `clean`, `emit`, `load`), FLOP counts (`Graph.flops`, `Graph.flops_shared`) and text (`explain`).
`elementary` holds the table of elementary functions and what an author imports; `vector` their vectorisable code;
`code` and `rows` serve what is no elementwise formula. Only `compile`, `load`, `vector` and `bits` need Numba.
"""
