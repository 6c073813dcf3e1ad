"""Forty famous people who never were: name, a sentence, and what their one selfie looks like."""

from __future__ import annotations

from dataclasses import dataclass

from deepselfie.demo import accounts, ids


@dataclass(frozen=True)
class Character:
    name: str
    story: str
    look: dict  # overrides for render.render


def character(seed: int, index: int) -> Character | None:
    """The famous character behind a demo selfie; None for everybody else."""
    place = accounts.account(index)
    known = seed == ids.FAMOUS and place < len(CHARACTERS) and index == accounts.first(place)
    return CHARACTERS[place] if known else None


def shots() -> list[tuple[int, int]]:
    """(seed, index) of the one picture of each character: the first of an account of its own."""
    return [(ids.FAMOUS, accounts.first(place)) for place in range(len(CHARACTERS))]


def overrides(seed: int, index: int) -> dict | None:
    """What to change of the sampled picture (see render.render); None for everybody else."""
    found = character(seed, index)
    return {**ALL, **found.look} if found else None


SHE, HE = {"female": True}, {"female": False}
# Their best day: nothing that would hide a face at the size of a thumbnail.
ALL = {"group": 1, "shot": "face", "exposure": 0.1, "noise": 0.006}

CHARACTERS = [
    Character("Adaeze Firth", "plays the cello on rooftops, and only there", SHE),
    Character("Bram Okonkwo", "won the world cup of paper boats twice", HE),
    Character("Celestine Vu", "wrote the song that every lift in the world plays", SHE),
    Character("Dov Marchetti", "cooks with nothing but a lighthouse", HE),
    Character("Esme Tallgrass", "walked from pole to pole and forgot her keys", SHE),
    Character("Farouk Lindqvist", "anchors the late news for night watchmen", HE),
    Character("Ginevra Poole", "paints portraits of weather", SHE),
    Character("Hideo Castellan", "has the second fastest handshake alive", HE),
    Character("Imani Wren", "directs films that last one breath", SHE),
    Character("Jory Baptiste", "surfs on rivers, upstream", HE | {"hair": "short"}),
    Character("Kaveh Moonstone", "teaches chess to parrots", HE | {"hair": "curlyshort"}),
    Character("Leocadia Finch", "sings the part of the storm at the opera", SHE),
    Character("Milo Achterberg", "invented the sock that finds its partner", HE),
    Character("Noor Valentine", "dances the tango with robots", SHE),
    Character("Otis Kurokawa", "drums for a band of librarians", HE),
    Character("Perpetua Ames", "reads the shipping forecast as poetry", SHE),
    Character("Quill Danso", "holds the record for silent karaoke", HE),
    Character("Rosalind Aboah", "designs hats for statues", SHE),
    Character("Soren Tamsin", "climbs cathedrals to wind their clocks", HE),
    Character("Tallulah Brandt", "skates figure eights, never sevens", SHE),
    Character("Umberto Nakai", "bakes bread in the shape of cities", HE | {"hair": "quiff"}),
    Character("Vesper Olayinka", "presents the weather of other planets", SHE),
    Character("Wilhelmina Cho", "restores fireworks", SHE),
    Character("Xavier Duskin", "dives for pianos", HE),
    Character("Yara Pennington", "wrote a novel without the letter of the law", SHE),
    Character("Zoltan Everett", "juggles at weddings, discreetly", HE),
    Character("Anouk Delacroix-Bello", "breeds tulips that close for lunch", SHE),
    Character("Basil Thistlewood", "narrates documentaries about moss", HE),
    Character("Cosima Rhee", "races solar balloons", SHE),
    Character("Dmitri Osei", "plays every part in a string quartet", HE),
    Character("Elodie Marsh", "collects echoes and lends them out", SHE),
    Character("Fitz Abernathy", "ran a marathon inside a museum", HE),
    Character("Greta Yamoah", "conducts the orchestra of car horns", SHE),
    Character("Hollis Quang", "draws maps of places he dreams of", HE),
    Character("Ines Carrow", "is the voice of three satnavs", SHE),
    Character("Jasper Mwangi", "whistles at the philharmonic", HE),
    Character("Kestrel Adair", "flies kites for a living, so far", SHE),
    Character("Lazarus Bloom", "grows the tallest sunflowers indoors", HE),
    Character("Marisol Eng", "judges cloud competitions", SHE),
    Character("Nikolai Fairweather", "sold the last fax machine with a speech", HE),
]
