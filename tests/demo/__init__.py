"""`make demo`: the whole story on real processes, for somebody who has never seen it; at its end, the books."""
