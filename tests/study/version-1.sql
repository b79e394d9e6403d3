PRAGMA application_id = 1869640812;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE configuration (
            id INTEGER PRIMARY KEY,
            digest BLOB NOT NULL UNIQUE,
            description TEXT NOT NULL
        );
INSERT INTO "configuration" VALUES(1,X'7F0851EEF09D9D5FD9B69FE573FB69C1','{"numerics":4,"plugins":{"activation 1":"0820e4e3a6f3b6024cc42087","cost":"5e776eca854afc1ea01a4b5f","initializer":"cfdf3c28c2cec4bb09ae23ea","optimizer":"0d324adb42fa8ed80f3c4b00","output":"91eb6827da56778c366e4309","schedule":"a46172ad55608da3b976e91b"},"problem":"iris","problem_hyper":{},"settings":{"activation":["relu"],"activation_hyper":[[]],"batch_size":16,"cost":"softmax_cross_entropy","cost_hyper":[["label_smoothing",0.0]],"divergence_bound":10000.0,"dtype":"float64","epochs":3,"evaluate_every":1,"hyper":[["lr",0.1]],"initializer":"glorot_uniform","initializer_hyper":[],"l1":0.0,"l1_mode":"subgradient","l2":0.0,"l2_mode":"coupled","layers":[4],"optimizer":"gd","order":"fresh","output":"identity","output_hyper":[],"penalise_biases":false,"schedule":"constant","schedule_hyper":[],"schedule_unit":"epoch","time_limit":0.0},"sizes":[4,4,3],"split":{"resplit":false,"scale":null,"test":0.2,"validation":0.2},"task":"classification"}');
INSERT INTO "configuration" VALUES(2,X'55CC100007B69DB8D8A1E35E59071DDC','{"numerics":4,"plugins":{"activation 1":"0820e4e3a6f3b6024cc42087","cost":"5e776eca854afc1ea01a4b5f","initializer":"cfdf3c28c2cec4bb09ae23ea","optimizer":"0d324adb42fa8ed80f3c4b00","output":"91eb6827da56778c366e4309","schedule":"a46172ad55608da3b976e91b"},"problem":"iris","problem_hyper":{},"settings":{"activation":["relu"],"activation_hyper":[[]],"batch_size":16,"cost":"softmax_cross_entropy","cost_hyper":[["label_smoothing",0.0]],"divergence_bound":10000.0,"dtype":"float64","epochs":3,"evaluate_every":1,"hyper":[["lr",1000000.0]],"initializer":"glorot_uniform","initializer_hyper":[],"l1":0.0,"l1_mode":"subgradient","l2":0.0,"l2_mode":"coupled","layers":[4],"optimizer":"gd","order":"fresh","output":"identity","output_hyper":[],"penalise_biases":false,"schedule":"constant","schedule_hyper":[],"schedule_unit":"epoch","time_limit":0.0},"sizes":[4,4,3],"split":{"resplit":false,"scale":null,"test":0.2,"validation":0.2},"task":"classification"}');
CREATE TABLE curve (
            trial INTEGER PRIMARY KEY REFERENCES trial (id) ON DELETE CASCADE,
            block BLOB NOT NULL,
            digest BLOB NOT NULL
        );
INSERT INTO "curve" VALUES(1,X'04000000785E63602013343434C0750A0B0B337CF8F08141424282E1D2A54B0CF6F6F60C0E0E0E60FCA78D33EBF424E14441FB9CAD462E87186609CEDA7EFB87ECD9F7F766313CFB2294BAB0CD915BF0E5C147C635B90C3305677A44779B9C79777726C3EC67E22CEDA10E6682C2620C755E160C9282924CED11CE4039490673730B07A01DB6400CA241F681F97676F600448D32F1',X'C0B743B25B95E7D824B9F6AA2144C51B');
INSERT INTO "curve" VALUES(2,X'04000000785E63602013343434C0750A0B0B337CF8F08141424282E1D2A54B0CF6F6F60C0E0E0E60ECE193D46FC6C67EB6F378225356AFE17B864E25B5AE7FACF71866AD66C80ADF35D5A567DB998E42EEF677BE97DF3174286D3B67DC7D9761E62A86E43D4CDD45D11E673864CC7ACB93FCDF317028B5152606DD6590D4623037B7005A616F0722D06800BEE43263',X'1C46241A7DD4302DFDF552BED42A95A3');
INSERT INTO "curve" VALUES(3,X'02000000785E63602008D2183E00E14E067B207460E0C8624864D80AD4B49DE12C03835B2A0337C32320CF83E10C03C34196036607188090E9C099030C660EF5B6F50EF50C406C5B0F007FD01429',X'F7C5C1445B23AF9D974545D0CA092187');
INSERT INTO "curve" VALUES(4,X'02000000785E63602008D2183E00E14E067B20746038D1CF70968189E13D831AC33D0686BF5319CE30B433BC63D8C6709781E170F78133077A0FBC3BD076E0EE010633FB7ABB7A180600640A1B5C',X'658BB8C3175C8C162D01D9562E103DCD');
INSERT INTO "curve" VALUES(5,X'04000000785E63602013343434C0750A0B0B337CF8F08141424282E1D2A54B0CF6F6F60C0E0E0E603C27EBBAD5E6577567CF2E9D55D9F8B7ACB3B373CFA3B5FA369D67CFAE66383FCFD823E081E99933FE33D7575ED1E8E8E8D89DEA20E0D371E6CC2A86251F64CF2F98D879E6CCAF99A7E7F4B6727070EC3E3EA7BF9DC3C7671583B9B905D00A7B5B5B5B3B106D0704301A00DDDF3D1E',X'B02394AD39BB35699D8FE50DB4D64F93');
INSERT INTO "curve" VALUES(6,X'04000000785E63602013343434C0750A0B0B337CF8F08141424282E1D2A54B0CF6F6F60C0E0E0E60CC57A6997CED757C6D2D9B4BCD8904EDD5AB571B2F56DF97A5B4DAE52C03835A6AFEBB091E972E45BB98AAA94C5EB56A95B16CD6C972A5552E6718A63C140BD01264505737707192E7FCA2A5A565ECA52EC0A4A4E5E2C3606E6E01B40206EC90D8F60031A72E88',X'89B09F6A22525B73C6202B64BB667B14');
CREATE TABLE environment (
            id INTEGER PRIMARY KEY,
            digest BLOB NOT NULL UNIQUE,
            description TEXT NOT NULL
        );
INSERT INTO "environment" VALUES(1,X'D79B65FAA7B4C2C01FFD2D2C78E91623','{"architecture": "x86_64", "blas": "openblas 0.3.30, openblas 0.3.31.188.0", "cpu": "a processor", "llvmlite": "0.50.0", "matplotlib": "3.11.2", "numba": "0.68.1", "numpy": "2.4.6", "optlab": "0.1.0", "pandas": "3.1.1", "python": "3.11.7", "scikit-learn": "1.9.1", "scipy": "1.17.1", "system": "Linux 6.18.44-fc-v595"}');
CREATE TABLE study (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            description TEXT NOT NULL,
            changed TEXT NOT NULL
        );
INSERT INTO "study" VALUES(1,'of version 1','{"about": "", "blas": "openblas 0.3.30, openblas 0.3.31.188.0", "command": "optlab run STUDY --plugin FILE --set optimizer+=mine", "compile_seconds": 28.970650738003314, "complete": true, "cores": 2, "cpu": "a processor", "data": ["iris: classification, 4 features, 3 classes, rows: 90 training, 30 validation, 30 test, scale standard"], "formulas": {"gd": {"doc": "Gradient descent with a fixed step; full batch or mini-batch is a choice of the study, not of the rule.\n\nRobbins and Monro, Ann. Math. Statist. 22 (1951) 400, eq. 6; ``torch.optim.SGD`` without momentum.", "flops": 2, "latex": ["w'' = w - \\mathrm{lr}\\,g"], "slots": 0, "text": "w_new = w - lr * g", "verified": ["torch.optim.SGD 2.13", "optax.sgd 0.2.8"]}}, "name": "of version 1", "protocol": {"confirm": 2, "contenders": ["gd"], "problems": ["iris"], "smallest_difference": null, "target": 0.5}, "rerun": "", "seeds": "study seed 0, tuning replicates 0 to 1, confirmation replicates 1000000 to 1000001; all replicates share one split", "settings": {"activation": "relu", "batch_size": 16, "confirm": 2, "epochs": 3, "layers": [4], "lr": [0.1, 1000000.0], "name": "of version 1", "optimizer": ["gd"], "problem": "iris", "seeds": 2, "target": 0.5}, "system": "Linux 6.18.44-fc-v595 x86_64", "toml": "name = \"of version 1\"\nproblem = \"iris\"\noptimizer = [\"gd\"]\nlayers = [4]\nactivation = \"relu\"\nepochs = 3\nbatch_size = 16\nlr = [0.1, 1000000.0]\nseeds = 2\nconfirm = 2\ntarget = 0.5\n", "versions": {"llvmlite": "0.50.0", "matplotlib": "3.11.2", "numba": "0.68.1", "numpy": "2.4.6", "optlab": "0.1.0", "pandas": "3.1.1", "python": "3.11.7", "scikit-learn": "1.9.1", "scipy": "1.17.1"}, "wall_seconds": 29.906051027999638, "workers": 1}','2026-11-21T15:15:29+00:00');
CREATE TABLE study_trial (
            study INTEGER NOT NULL REFERENCES study (id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            digest BLOB NOT NULL,
            problem TEXT NOT NULL,
            contender TEXT NOT NULL,
            phase TEXT NOT NULL,
            cell TEXT NOT NULL,
            PRIMARY KEY (study, position)
        ) WITHOUT ROWID;
INSERT INTO "study_trial" VALUES(1,0,X'BDD721C71C54876F17F82A9D30E71AC2','iris','gd','tuning','90e87bacaa4d');
INSERT INTO "study_trial" VALUES(1,1,X'F70B344EE0CE2FAD79D0405FC05CA7C7','iris','gd','tuning','90e87bacaa4d');
INSERT INTO "study_trial" VALUES(1,2,X'2B6A65993B9A58A6BD063D615C932197','iris','gd','tuning','02f47843b65a');
INSERT INTO "study_trial" VALUES(1,3,X'9A25D66E07E900A99EE619CDFC00FEE8','iris','gd','tuning','02f47843b65a');
INSERT INTO "study_trial" VALUES(1,4,X'0C3D810CD4112F73CCC0943FA8B26008','iris','gd','confirmation','90e87bacaa4d');
INSERT INTO "study_trial" VALUES(1,5,X'6ECB91C745B12CF9D237272C13F41408','iris','gd','confirmation','90e87bacaa4d');
CREATE TABLE trial (
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
        );
INSERT INTO "trial" VALUES(1,X'BDD721C71C54876F17F82A9D30E71AC2',1,1,0,0,X'C2A2071C46E5850F862138C0E6EB7574','done','finished 3 epochs','accuracy',18,3,3.60180019924882799386e-05,55530.0,7.50992939446157636851e-01,5.88888888888888906159e-01,7.2042476048675518907e-01,0.6,7.62513933135247623518e-01,0.6);
INSERT INTO "trial" VALUES(2,X'F70B344EE0CE2FAD79D0405FC05CA7C7',1,1,0,1,X'C2A2071C46E5850F862138C0E6EB7574','done','finished 3 epochs','accuracy',18,3,3.11679978040047e-05,55530.0,7.84027500510454555815e-01,7.11111111111111138249e-01,8.11816245877990172452e-01,6.33333333333333303727e-01,8.22433782594753526318e-01,6.66666666666666629659e-01);
INSERT INTO "trial" VALUES(3,X'2B6A65993B9A58A6BD063D615C932197',2,1,0,0,X'C2A2071C46E5850F862138C0E6EB7574','diverged','diverged at step 2, epoch 1: cost 4.19e+11 is beyond 10000 times the initial 2.07','accuracy',1,0,5.76000093133188784122e-06,6502.0,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "trial" VALUES(4,X'9A25D66E07E900A99EE619CDFC00FEE8',2,1,0,1,X'C2A2071C46E5850F862138C0E6EB7574','diverged','diverged at step 2, epoch 1: cost 3.7e+10 is beyond 10000 times the initial 1.09','accuracy',1,0,5.84099689149297773838e-06,6502.0,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "trial" VALUES(5,X'0C3D810CD4112F73CCC0943FA8B26008',1,1,0,1000000,X'C2A2071C46E5850F862138C0E6EB7574','done','finished 3 epochs','accuracy',18,3,3.74799965356942266225e-05,55530.0,1.07194496433850838812e+00,0.3,1.04029723352169045647e+00,3.66666666666666640761e-01,1.05701402376417319395e+00,3.33333333333333314829e-01);
INSERT INTO "trial" VALUES(6,X'6ECB91C745B12CF9D237272C13F41408',1,1,0,1000001,X'C2A2071C46E5850F862138C0E6EB7574','done','finished 3 epochs','accuracy',18,3,3.58569996024016290903e-05,55530.0,5.01104284215659667722e-01,7.66666666666666718477e-01,4.77685311481613250617e-01,0.7,5.09634593000367841497e-01,0.8);
COMMIT;
