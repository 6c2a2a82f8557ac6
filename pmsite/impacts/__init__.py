"""What would a change do to pay: pages to ask it, the job that finds it out, and its answer."""
