from tests.unit.diagnostics.goldens import FORMATS, GOLDENS

for name, write in FORMATS.items():
    (GOLDENS / name).write_text(write(), encoding="utf-8")
