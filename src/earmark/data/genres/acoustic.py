"""Genres of strings, reeds and brushes: blues, classical, country, jazz (`style` says how patterns are read)."""

from earmark.data.genres.drums import Kit
from earmark.data.genres.style import Harmony, Part, Style

BLUES = Style(
    tempo_bpm=(72, 126),
    swing=(0.64, 0.68),
    harmonies=(
        Harmony(
            mode="major",
            scale="blues",
            progressions=(
                "I7 I7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 V7",
                "I7 IV7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 I7",
            ),
        ),
        Harmony(
            mode="minor",
            scale="minor pentatonic",
            progressions=("i7 i7 i7 i7 iv7 iv7 i7 i7 bVI7 V7 i7 V7",),
        ),
    ),
    drums=(
        {"kick": "x...x...", "snare": "..X...X.", "hat": "xoxoxoxo"},
        {"kick": "x..xx...", "snare": "..X...X.", "ride": "x.xxx.xx"},
    ),
    fill="......ox",
    kit=Kit(kick_hz=58, kick_s=0.1, snare_hz=200, snare_s=0.08, wires=0.6),
    drums_db=-1,
    parts=(
        Part(
            role="bass", patterns=("1-3-5-6-|8-6-5-3-", "11335566"), timbres=("finger bass", "upright bass"), centre=38
        ),
        Part(
            role="chords",
            patterns=("x-.ox-.o", "..x...x.", "x--x----"),
            timbres=("piano", "electric guitar", "organ"),
            centre=60,
            gain_db=-5,
        ),
        Part(
            role="melody",
            patterns=("x-xxx---|....x-x-", "..xxx-x-|x-------", "x--x--xx|x---...."),
            timbres=("lead guitar", "harmonica"),
            centre=70,
            gain_db=-4,
        ),
    ),
)

CLASSICAL = Style(
    tempo_bpm=(66, 132),
    harmonies=(
        Harmony(
            mode="major",
            scale="major",
            progressions=("I IV V I vi ii V7 I", "I V vi iii IV I IV V7", "I/V I IV/I V ii/V7 I IV/V I"),
        ),
        Harmony(
            mode="minor",
            scale="harmonic minor",
            progressions=("i iv V7 i bVI iv V7 i", "i V7 i iv bVII bIII bVI V7"),
        ),
    ),
    parts=(
        Part(role="bass", patterns=("1-------", "1---5---", "1---8---"), timbres=("cello",), centre=43, gain_db=-3),
        Part(role="chords", patterns=("x---------------",), timbres=("strings",), centre=60, gain_db=-5),
        Part(
            role="arpeggio",
            patterns=("1-3-2-3-1-3-2-3-", "1234321212343212", "1-2-3-4-3-2-3-2-"),
            timbres=("piano", "nylon guitar", "harpsichord"),
            centre=62,
            gain_db=-3,
        ),
        Part(
            role="melody",
            patterns=("x---x-x-|x---xxx-", "x-xxx---|x-x-x---", "x-----x-|xxxxx---"),
            timbres=("violin", "flute", "oboe"),
            centre=77,
            gain_db=-1,
        ),
    ),
)

COUNTRY = Style(
    tempo_bpm=(96, 138),
    harmonies=(
        Harmony(
            mode="major",
            scale="pentatonic",
            progressions=("I I IV IV V V I I", "I IV I V I IV I/V I", "I I IV I I I V7 V7"),
        ),
    ),
    drums=(
        {"kick": "x...x...", "brush": "oxXxoxXx"},
        {"kick": "x.......x.......", "brush": "xoXoxoXoxoXoxoXx"},
        {"kick": "x...x...", "rim": "..X...X.", "shaker": "xoxoxoxo"},
    ),
    kit=Kit(kick_hz=62, kick_s=0.07, click=0.1, snare_hz=220, snare_s=0.06),
    drums_db=-1,
    parts=(
        Part(
            role="bass", patterns=("1-..5-..", "1-..5-..|1-..5-6-"), timbres=("upright bass", "finger bass"), centre=40
        ),
        Part(
            role="chords",
            patterns=("..x...x.", "..x-o.x-|..x-oxx-"),
            timbres=("steel guitar", "steel guitar", "nylon guitar"),
            centre=58,
            gain_db=-1,
        ),
        Part(
            role="arpeggio",
            patterns=("1.3231321.323132", "1-2-3-2-1-2-3-4-", "................|....1234........"),
            timbres=("banjo", "steel guitar"),
            centre=67,
            gain_db=-4,
        ),
        Part(
            role="melody",
            patterns=("x---x-x-|x---....", "x-x-x---|..x-x-x-", "xxx-x---|x-xxx---"),
            timbres=("fiddle", "pedal steel", "harmonica"),
            centre=72,
            gain_db=-6,
        ),
    ),
)

JAZZ = Style(
    tempo_bpm=(118, 200),
    swing=(0.6, 0.67),
    harmonies=(
        Harmony(
            mode="major",
            scale="bebop",
            progressions=(
                "ii7 V9 Imaj7 vi7",
                "Imaj7/VI7 ii7/V9 iii7/VI7 ii7/V9",
                "ii7 V9 Imaj7 IVmaj7 iii7 VI7 ii7 V9",
            ),
        ),
        Harmony(
            mode="minor",
            scale="dorian",
            progressions=("i9 i9 iv7 i9 bVI9 V9 i9 V9", "i9 bIII9 bVImaj7 V9"),
        ),
    ),
    drums=(
        {"ride": "x.XxX.Xx", "pedal": "..x...x.", "kick": "o.......|......o."},
        {"ride": "x.XxX.Xx", "pedal": "..x...x.", "snare": "...o....|.......o", "kick": "o...o..."},
        {"brush": "xoXoxoXo", "pedal": "..x...x.", "ride": "o...o..."},
    ),
    kit=Kit(kick_hz=70, kick_s=0.07, click=0.05, snare_hz=230, snare_s=0.06, wires=0.5, cymbal_s=0.35),
    drums_db=-1,
    parts=(
        Part(
            role="bass",
            patterns=("1-3-5-6-|8-7-5-3-", "1-2-3-5-|8-5-6-5-", "1-5-3-2-|1-3-5-7-"),
            timbres=("upright bass",),
            centre=38,
            gain_db=1,
        ),
        Part(
            role="chords",
            patterns=("x--x....|...x-...", "...x...x|..x-....", "x-.....x|...x..x."),
            timbres=("piano", "electric guitar", "vibraphone"),
            centre=62,
            gain_db=-4,
        ),
        Part(
            role="melody",
            patterns=("xxxxx-xx|xxx-....", "..xxxxx-|x-xxx---", "x-xx.xxx|xxxxx---"),
            timbres=("saxophone", "trumpet", "saxophone"),
            centre=69,
            gain_db=-2,
        ),
    ),
)
