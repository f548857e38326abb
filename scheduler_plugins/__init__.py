"""Example schedulers, one a file, written against emu.bpf and emu.abi only."""
