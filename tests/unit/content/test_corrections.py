"""What the calendar once said falsely is gone, and what is true stands in its place."""

from __future__ import annotations

from datetime import date

import pytest

from bot.calendar.occurrences import occurrences
from tests.unit.checking.making import shipped

CORRECTIONS: list[tuple[str, tuple[int, ...], str, tuple[str, ...], tuple[str, ...]]] = [
    # Mexico's Senate recognized the genocide in 2023, before its president's words.
    ("armenian-genocide-memorial-day", (2028,), "en", ("while a Senate",), ("8 February 2023",)),
    ("armenian-genocide-memorial-day", (2028,), "fr", ("tandis qu’un",), ("8 février 2023",)),
    (
        "armenian-genocide-memorial-day",
        (2028,),
        "es",
        ("mientras que un",),
        ("8 de febrero de 2023",),
    ),
    (
        "armenian-genocide-memorial-day",
        (2027, 2029),
        "en",
        ("Canada and Mexico do not speak",),
        ("8 February 2023", "two governments"),
    ),
    (
        "armenian-genocide-memorial-day",
        (2027, 2029),
        "fr",
        ("Le Canada et le Mexique ne parlent pas",),
        ("8 février 2023", "deux gouvernements"),
    ),
    (
        "armenian-genocide-memorial-day",
        (2027, 2029),
        "es",
        ("México y Canadá no hablan",),
        ("8 de febrero de 2023", "dos gobiernos"),
    ),
    # Article 7 of the Rome Statute asks for an attack on civilians.
    (
        "enforced-disappearances-day",
        (2027, 2029),
        "en",
        ("when it is widespread or systematic", "threshold"),
        ("widespread or systematic attack on civilians",),
    ),
    (
        "enforced-disappearances-day",
        (2027, 2029),
        "fr",
        ("lorsqu’elle est généralisée", "seuil"),
        ("attaque généralisée ou systématique contre une population civile",),
    ),
    (
        "enforced-disappearances-day",
        (2027, 2029),
        "es",
        ("cuando es generalizada", "umbral"),
        ("ataque generalizado o sistemático contra una población civil",),
    ),
    (
        "crimes-against-humanity-treaty-process",
        (2026, 2028),
        "en",
        ("when it is widespread",),
        ("attack on civilians",),
    ),
    (
        "crimes-against-humanity-treaty-process",
        (2026, 2028),
        "fr",
        ("quand elle est généralisée",),
        ("contre une population civile",),
    ),
    (
        "crimes-against-humanity-treaty-process",
        (2026, 2028),
        "es",
        ("cuando es generalizada",),
        ("contra una población civil",),
    ),
    # The House reaffirmed its motion on Srebrenica in May 2015, not in April.
    (
        "genocide-prevention-month-canada",
        (2027, 2029),
        "en",
        ("Before April 2015", "follow-up"),
        ("In May 2015 the House reaffirmed",),
    ),
    (
        "genocide-prevention-month-canada",
        (2027, 2029),
        "fr",
        ("fin d’avril 2015", "démarche"),
        ("En mai 2015, la Chambre a réaffirmé",),
    ),
    (
        "genocide-prevention-month-canada",
        (2027, 2029),
        "es",
        ("terminara abril", "gestión"),
        ("En mayo de 2015 la Cámara reafirmó",),
    ),
    # The court in Phnom Penh did find genocide, of the Vietnamese and the Cham.
    (
        "cambodia-remembrance-day",
        (2027, 2029),
        "en",
        ("not in the loss",),
        ("16 November 2018", "22 September 2022", "Cham"),
    ),
    (
        "cambodia-remembrance-day",
        (2027, 2029),
        "fr",
        ("non dans la perte",),
        ("16 novembre 2018", "22 septembre 2022", "Chams"),
    ),
    (
        "cambodia-remembrance-day",
        (2027, 2029),
        "es",
        ("no en la pérdida",),
        ("16 de noviembre de 2018", "22 de septiembre de 2022", "cham"),
    ),
    # The first judgment on Darfur came in 2025.
    (
        "darfur-icc-referral",
        (2027, 2028, 2029),
        "en",
        ("A warrant is not", "when its work is slow", "11 votes", "Chapter VII"),
        ("6 October 2025", "27 counts"),
    ),
    (
        "darfur-icc-referral",
        (2027, 2028, 2029),
        "fr",
        ("Un mandat n’est pas", "son travail est lent", "11 voix", "chapitre VII"),
        ("6 octobre 2025", "27 chefs"),
    ),
    (
        "darfur-icc-referral",
        (2027, 2028, 2029),
        "es",
        ("Una orden no es", "su trabajo es lento", "11 votos", "Capítulo VII"),
        ("6 de octubre de 2025", "27 cargos"),
    ),
    # The law of 1953 founded Yad Vashem; the day's law is of 1959.
    ("yom-hashoah", (2027, 2029), "en", ("1953",), ("1951", "1959")),
    ("yom-hashoah", (2027, 2029), "fr", ("1953",), ("1951", "1959")),
    ("yom-hashoah", (2027, 2029), "es", ("1953",), ("1951", "1959")),
    # The flag flies at half-mast across Mexico, by federal law.
    (
        "tlatelolco-1968",
        (2028,),
        "en",
        ("main square", "for each of them"),
        ("By federal law", "across Mexico"),
    ),
    (
        "tlatelolco-1968",
        (2028,),
        "fr",
        ("grande place", "pour chaque personne"),
        ("la loi fédérale", "tout le Mexique"),
    ),
    (
        "tlatelolco-1968",
        (2028,),
        "es",
        ("plaza principal", "por cada una"),
        ("Por ley federal", "todo México"),
    ),
    # The Tribunal tried several accused together.
    (
        "srebrenica-commemoration-day",
        (2027, 2029),
        "en",
        ("one at a time",),
        ("judged persons, not nations",),
    ),
    # The motion of 2010 said what should be; it created no day.
    (
        "srebrenica-commemoration-day",
        (2028,),
        "en",
        ("unanimously made",),
        ("19 October 2010", "should be"),
    ),
    (
        "srebrenica-commemoration-day",
        (2028,),
        "fr",
        ("a fait à l’unanimité",),
        ("19 octobre 2010", "devrait être"),
    ),
    (
        "srebrenica-commemoration-day",
        (2028,),
        "es",
        ("hizo por unanimidad",),
        ("19 de octubre de 2010", "debería ser"),
    ),
    # The motion of 2022 asks the government to recognize.
    (
        "truth-and-reconciliation-day",
        (2027,),
        "en",
        ("a motion that calls",),
        ("asking the government to recognize",),
    ),
    (
        "truth-and-reconciliation-day",
        (2027,),
        "fr",
        ("a qualifié de génocide ce",),
        ("demandant au gouvernement de reconnaître",),
    ),
    (
        "truth-and-reconciliation-day",
        (2027,),
        "es",
        ("una moción que llama",),
        ("pide al gobierno reconocer",),
    ),
    # A State is not a party from the day of its ratification.
    ("torture-victims-support-day", (2028,), "en", ("since 7 July 2000",), ("11 April 2005",)),
    ("enforced-disappearances-day", (2028,), "en", ("since 7 July 2000",), ("July 2024",)),
    # Liechtenstein led the drafting of the code, not the group; the crimes are named.
    (
        "act-code-of-conduct",
        (2027, 2028, 2029),
        "en",
        ("led by Liechtenstein, launched", "When such crimes"),
        ("drafted under the lead of Liechtenstein", "war crimes threaten"),
    ),
    (
        "act-code-of-conduct",
        (2027, 2028, 2029),
        "fr",
        ("dirigé par", "Quand de tels crimes"),
        ("sous l’impulsion du Liechtenstein", "crimes de guerre menacent"),
    ),
    (
        "act-code-of-conduct",
        (2027, 2028, 2029),
        "es",
        ("encabezado por", "Cuando esos crímenes"),
        ("bajo el liderazgo de Liechtenstein", "crímenes de guerra amenazan"),
    ),
    # Canada has said that it supports the code: Mexico's ministry is asked about its own name.
    (
        "veto-initiative-2022",
        (2027, 2029),
        "en",
        ("say publicly",),
        ("whether Mexico is on the list",),
    ),
    ("veto-initiative-2022", (2027, 2029), "fr", ("dire publiquement",), ("si le Mexique figure",)),
    ("veto-initiative-2022", (2027, 2029), "es", ("digan públicamente",), ("si México figura",)),
    (
        "act-code-of-conduct",
        (2028, 2029),
        "en",
        ("say publicly",),
        ("whether Mexico is on the list",),
    ),
    ("act-code-of-conduct", (2028, 2029), "fr", ("dire publiquement",), ("si le Mexique figure",)),
    ("act-code-of-conduct", (2028, 2029), "es", ("digan públicamente",), ("si México figura",)),
    ("united-nations-day", (2027,), "en", ("say publicly",), ("whether Mexico is on the list",)),
    ("united-nations-day", (2027,), "fr", ("dire publiquement",), ("si le Mexique figure",)),
    ("united-nations-day", (2027,), "es", ("digan públicamente",), ("si México figura",)),
    # The months of the Commission's round tables are not confirmed.
    ("iciss-launch", (2027, 2029), "en", ("January and June",), ("In 2001 the members",)),
    ("iciss-launch", (2027, 2029), "fr", ("janvier et juin",), ("En 2001, les membres",)),
    ("iciss-launch", (2027, 2029), "es", ("enero y junio",), ("En 2001 sus miembros",)),
    ("iciss-report", (2027, 2029), "en", ("January and June",), ("held in 2001",)),
    ("iciss-report", (2027, 2029), "fr", ("janvier et juin",), ("ont eu lieu en 2001",)),
    ("iciss-report", (2027, 2029), "es", ("enero y junio",), ("en 2001 hubo",)),
    # Figures with the page that carries them.
    ("un-peacekeepers-day", (2027, 2028, 2029), "en", ("4,300",), ("4,430", "3 June 2025")),
    ("un-peacekeepers-day", (2027, 2028, 2029), "fr", ("4 300",), ("4 430", "3 juin 2025")),
    ("un-peacekeepers-day", (2027, 2028, 2029), "es", ("4,300",), ("4,430", "3 de junio de 2025")),
    ("united-nations-day", (2027, 2029), "en", ("112 States",), ("108 States", "14 December 2015")),
    ("united-nations-day", (2027, 2029), "fr", ("112 États",), ("108 États", "14 décembre 2015")),
    (
        "united-nations-day",
        (2027, 2029),
        "es",
        ("112 Estados",),
        ("108 Estados", "14 de diciembre de 2015"),
    ),
    ("act-code-of-conduct", (2028,), "en", ("112 States",), ("108 States", "14 December 2015")),
    ("act-code-of-conduct", (2028,), "fr", ("112 États",), ("108 États", "14 décembre 2015")),
    (
        "act-code-of-conduct",
        (2028,),
        "es",
        ("112 Estados",),
        ("108 Estados", "14 de diciembre de 2015"),
    ),
    # The UN has more than two founding members.
    (
        "united-nations-day",
        (2028,),
        "en",
        ("The two founding members",),
        ("Both founding members",),
    ),
]


@pytest.mark.parametrize(
    ("id_", "years", "language", "false", "true"),
    CORRECTIONS,
    ids=[f"{row[0]}-{row[1][0]}-{row[2]}" for row in CORRECTIONS],
)
def test_what_was_false_is_gone_and_what_is_true_is_told(
    id_: str, years: tuple[int, ...], language: str, false: tuple[str, ...], true: tuple[str, ...]
) -> None:
    project = shipped()
    observance = next(day for day in project.days.calendar if day.id == id_)
    for occurrence in occurrences(observance, date(years[0], 1, 1), date(years[-1], 12, 31)):
        if occurrence.date.year not in years:
            continue
        part = project.writer.write([occurrence], [language]).parts[0]
        words = "\n".join([part.body, *(action.text for action in part.actions)])
        words = " ".join(words.split())
        assert [phrase for phrase in false if phrase in words] == []
        assert [phrase for phrase in true if phrase not in words] == []
