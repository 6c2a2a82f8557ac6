"""Two invented organisations with three months of work, made from a seed: the same every time."""
