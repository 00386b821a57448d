"""The ten genres by name, those of GTZAN."""

from earmark._util.catalogue import Catalogue
from earmark.data.genres import acoustic, electric
from earmark.data.genres.style import Style

STYLES: Catalogue[Style] = Catalogue(
    "genre",
    {
        "blues": acoustic.BLUES,
        "classical": acoustic.CLASSICAL,
        "country": acoustic.COUNTRY,
        "disco": electric.DISCO,
        "hiphop": electric.HIPHOP,
        "jazz": acoustic.JAZZ,
        "metal": electric.METAL,
        "pop": electric.POP,
        "reggae": electric.REGGAE,
        "rock": electric.ROCK,
    },
)
