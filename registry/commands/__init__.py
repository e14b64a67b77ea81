"""The commands, one module each: `add` declares the options, `run` does the job. Heavy imports wait for `run`."""
