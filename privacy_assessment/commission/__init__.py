"""The commission's side (番号法28条2項・3項, 33条): what is handed in, its review, questions, decision; and the way back to the body.

A submission reaches the commission as a document handed over. Nobody reads across: jobs carry messages both ways, each side
writes its own rows, and the body's case moves by steps of its own engine (``messages``, ``arrivals``, ``receiving``).
"""
