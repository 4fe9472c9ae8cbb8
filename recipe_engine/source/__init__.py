"""Reading what authors write: YAML 1.2 to plain data, with the place of every value and key in the text.

load.py        load and load_file: the way in
builder.py     parser events to data and places
scalars.py     what a plain scalar means (YAML 1.2 core schema)
faults.py      the parser's errors in the words of an author
document.py    Document: data, spans of paths
alignment.py   spans within a string, through quotes, escapes, indentation and folding
wording.py     reading the raw text around a problem
"""

from recipe_engine.source.document import Document, Included
from recipe_engine.source.load import load, load_file

__all__ = ["Document", "Included", "load", "load_file"]
