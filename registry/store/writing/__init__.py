"""The follower's side: one transaction a step, its rewind, and who may write."""
