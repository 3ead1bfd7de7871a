"""From one config to one run directory: data, training, result, figures, and who is told."""
