"""Who runs the batches of a stage: this machine, or a cluster."""
