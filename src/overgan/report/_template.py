"""The HTML templates of this package."""

import jinja2


def template(name: str) -> jinja2.Template:
    """The template in the file of that name."""
    loader = jinja2.PackageLoader("overgan.report", "")
    return jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True).get_template(name)
