"""The lessons of the gallery, as they ship: found, read, and copied out as a script or a notebook."""
