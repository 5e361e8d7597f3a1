"""How the embedded guard was made: data, training, calibration and the ledger of evaluations."""
