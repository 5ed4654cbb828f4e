"""Where concepts come from: one module for each source, all behind :class:`knowledgegraph.sources.base.Source`."""
