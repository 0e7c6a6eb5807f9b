"""Lists the documents of a bulk run, from storage or a manifest, as a stream of which little is held at a time.

Which of them are done is not decided here, but by the output (`serve.bulk.write.done`).
"""
