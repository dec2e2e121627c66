"""Every route of an app, whatever it is made of.

Names only. ``walk`` goes through the app, a module for each framework knows that
framework's routes; none of them is imported unless the app has brought it.
"""

from .walk import find_layers, find_routes

__all__ = ["find_layers", "find_routes"]
