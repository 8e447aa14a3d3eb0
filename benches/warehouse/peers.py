"""One peer, one way, one process: `peers.py PEER memory|csv URL SQL FILE` prints seconds, CPU seconds, peak MiB and rows."""
import resource
import sys
import time

peer, way, url, sql, path = sys.argv[1:]


def pandas():
    """As the article does it."""
    import pandas
    import psycopg2

    frame = pandas.read_sql_query(sql, psycopg2.connect(url))
    if way == "csv":
        frame.to_csv(path, index=False, header=False)
    return len(frame)


def connectorx():
    import connectorx
    import pyarrow.csv

    table = connectorx.read_sql(url, sql, return_type="arrow")
    if way == "csv":
        pyarrow.csv.write_csv(table, path, pyarrow.csv.WriteOptions(include_header=False))
    return table.num_rows


def polars():
    import polars

    frame = polars.read_database_uri(sql, url)
    if way == "csv":
        frame.write_csv(path, include_header=False)
    return len(frame)


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


started = time.perf_counter()
rows = {"pandas": pandas, "connectorx": connectorx, "polars": polars}[peer]()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(time.perf_counter() - started, cpu(), peak, rows)
