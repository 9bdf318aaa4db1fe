"""A pipeline of an app's own, compiled ahead of time with the runtime of the Halide that runs this.

    python pipeline.py DIRECTORY

It runs in parallel and allocates in each task, so that it calls what an app may replace: halide_do_par_for,
halide_malloc, halide_free and halide_error.
"""

import pathlib
import sys

import halide as hl

directory = pathlib.Path(sys.argv[1])
directory.mkdir(parents=True, exist_ok=True)

x, y = hl.Var("x"), hl.Var("y")
picture = hl.ImageParam(hl.Float(32), 2, "picture")
row, blurred = hl.Func("row"), hl.Func("blurred")
row[x, y] = picture[x, y] + picture[x + 1, y]
blurred[x, y] = row[x, y] + row[x, y + 1]
row.compute_at(blurred, y).store_in(hl.MemoryType.Heap)
blurred.parallel(y)

files = {
    hl.OutputFileType.static_library: str(directory / "libapp_pipeline.a"),
    hl.OutputFileType.c_header: str(directory / "app_pipeline.h"),
}
blurred.compile_to(files, [picture], "app_pipeline", hl.Target("x86-64-linux-sse41-user_context"))
