"""What a bulk run reads: a listing or a manifest, as a stream of which little is held at a time.

What is done already is told by what is written (`serve.bulk.write.done`).
"""
