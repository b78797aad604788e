"""What only runs where the real thing is: an engine for containers, a control plane, Horovod."""
