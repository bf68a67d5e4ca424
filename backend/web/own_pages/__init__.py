"""The protected person's own pages: plain, without a name, first for a phone, and useful without JavaScript."""

from backend.web.own_pages import door, home, messages, notices, setting_up, whereabouts
from backend.web.own_pages.layout import bp

__all__ = ["bp", "door", "home", "messages", "notices", "setting_up", "whereabouts"]
