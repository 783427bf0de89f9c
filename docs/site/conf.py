"""Sphinx's settings; `build.py` writes the pages that it reads."""

from overgan.version import __version__

project = "overgan"
release = __version__
extensions = ["myst_parser"]
root_doc = "index"
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4
add_module_names = False
toc_object_entries = False
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
smartquotes = False  # --set is not a dash
highlight_language = "text"
html_theme = "pydata_sphinx_theme"
html_context = {"default_mode": "auto"}
html_title = "overgan"
html_static_path = ["static"]
html_css_files = ["overgan.css"]
html_js_files = [("copy.js", {"defer": "defer"})]
html_sidebars = {"tutorial": []}  # no page is below it
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_theme_options = {
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "show_prev_next": True,
    "footer_start": [],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "show_toc_level": 2,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
