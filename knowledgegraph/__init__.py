"""What there is to know, and where it comes from: concepts, their graph, search, grounded answers.

Start at :class:`knowledgegraph.library.Library`. This package imports nothing of ours.
"""
