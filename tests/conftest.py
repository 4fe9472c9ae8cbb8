"""For every test: nothing is read from, or left in, the cache of the person who runs them."""

import os

os.environ["RECIPE_CACHE"] = "off"
