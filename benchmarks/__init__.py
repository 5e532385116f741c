"""Speed as a ratio: the product beside hand-written SQL that makes the same durable writes, in one run."""
