"""Bundled workloads, in the grammar of rt-app. The first line of each says what it is for."""
