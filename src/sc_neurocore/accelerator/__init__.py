"""A spiking network as integers, and as a folded engine in hardware."""
