"""The static site: the catalogue, the labs as they are released, and the docs. `make site` builds it into build/site."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
repository = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]["Repository"].removesuffix("/")

project = "MLOps Labs"
author = "the authors of MLOps Labs"
language = "en_GB"
root_doc = "docs/site/index"
include_patterns = ["docs/site/index.md", "docs/*.md", "labs/README.md", "labs/*/*/*.ipynb", "CONTRIBUTING.md"]
exclude_patterns = ["**/.ipynb_checkpoints", "**/*.mine.*"]
extensions = ["myst_nb"]
myst_heading_anchors = 4
myst_enable_extensions = ["dollarmath"]
nb_execution_mode = "off"  # released notebooks stop at the first exercise
suppress_warnings = ["misc.highlighting_failure"]  # a lab may write … where code is left out

html_theme = "pydata_sphinx_theme"
templates_path = ["templates"]
html_extra_path = ["index.html"]
html_title = "MLOps Labs"
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "navbar_center": [],
    "navbar_persistent": [],
    "navbar_end": ["search-field", "theme-switcher", "navbar-icon-links"],
    "navbar_align": "left",
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "use_edit_page_button": False,
    "icon_links": [{"name": "Repository", "url": repository, "icon": "fa-solid fa-code-branch"}],
}
html_sidebars = {"**": ["contents.html"]}
