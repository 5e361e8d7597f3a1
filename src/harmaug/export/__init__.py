"""From a checkpoint to what devices run."""
