"""polars' CSV writer on one thread: `csv_writer.py FILE` reads numbers from the file, writes them into memory, which is measured, then
into the file again; prints seconds, CPU seconds, peak MiB and rows."""
import io
import os
import resource
import sys
import time

os.environ["POLARS_MAX_THREADS"] = "1"
import polars

(path,) = sys.argv[1:]
frame = polars.read_csv(path, has_header=False, infer_schema_length=None)
text = io.BytesIO()
started, used = time.perf_counter(), time.process_time()
frame.write_csv(text, include_header=False)
seconds, used = time.perf_counter() - started, time.process_time() - used
print(seconds, used, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, len(frame))
with open(path, "wb") as file:
    file.write(text.getbuffer())
