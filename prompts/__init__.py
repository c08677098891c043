"""Versioned prompts and summary templates. A released file never changes; a new version is a new file."""

from prompts.library import WITH_ORIGIN, Prompt, load_prompt
from prompts.templating import SectionPlan, Template, load_template, load_templates

__all__ = ["WITH_ORIGIN", "Prompt", "SectionPlan", "Template", "load_prompt", "load_template", "load_templates"]
