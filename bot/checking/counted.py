"""What each language calls people and States, and what else stands beside a number."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class CountedWords:
    """Patterns of whole words. ``counted``: people, States. ``scale``: "thousands". ``reference``:
    what stands before a number that is a place in a text, such as "article". ``joining``: what may
    stand between a number and what it counts, beside other words."""

    counted: re.Pattern[str]
    scale: re.Pattern[str]
    month: re.Pattern[str]
    time: re.Pattern[str]
    reference: re.Pattern[str]
    joining: frozenset[str]


def _any(words: str) -> re.Pattern[str]:
    return re.compile(f"(?:{'|'.join(words.split())})", re.IGNORECASE)


COUNTED_WORDS: Mapping[str, CountedWords] = {
    "en": CountedWords(
        counted=_any("""
            people persons? m[ae]n wom[ae]n child(?:ren)? boys? girls? victims? survivors? states?
            countr(?:y|ies) nations? governments? part(?:y|ies) members? delegations? votes?
            abstentions? signatories ratifications supporters peacekeepers? soldiers? police
            civilians? refugees? famil(?:y|ies) students? villagers? prisoners? inmates? defendants?
            deaths? dead killed murdered missing disappeared names? lives jews roma sinti tutsis?
            hutus? yazidis? rohingyas? armenians? bosniaks? kurds? cambodians? ukrainians?
            """),
        scale=_any("hundreds? thousands? millions? dozens?"),
        month=_any("""
            january february march april may june july august september october november december
            """),
        time=_any("""
            seconds? minutes? hours? days? weeks? months? years? decades? century centuries
            """),
        reference=_any("""
            articles? resolutions? no nos paras? paragraphs? chapters? calls? pages? rule
            """),
        joining=frozenset({"of", "the", "a"}),
    ),
    "fr": CountedWords(
        counted=_any(r"""
            personnes? hommes? femmes? enfants? garçons? filles? victimes? survivant\w* rescapé\w*
            états? pays nations? gouvernements? parties? membres? délégations? voix abstentions?
            signataires? ratifications? casques soldats? militaires? policiers? civils? réfugié\w*
            familles? étudiant\w* élèves? villageois\w* prisonni\w* détenu\w* accusé\w* morts?
            mortes? décès tuée?s? assassinée?s? disparue?s? noms? vies juif\w* juive\w* roms? sinti
            tutsis? hutus? yézidi\w* rohingyas? arménien\w* bosniaques? kurdes? cambodgien\w*
            ukrainien\w*
            """),
        scale=_any("cents? centaines? milliers? mille millions? dizaines? douzaines?"),
        month=_any("""
            janvier février mars avril mai juin juillet août septembre octobre novembre décembre
            """),
        time=_any("""
            secondes? minutes? heures? jours? semaines? mois ans? années? décennies? siècles?
            """),
        reference=_any("""
            articles? résolutions? nos? paragraphes? chapitres? appels? pages? règle numéros?
            """),
        joining=frozenset({"de", "d", "des", "du", "les", "un", "une"}),
    ),
    "es": CountedWords(
        counted=_any("""
            personas? hombres? mujer(?:es)? niñ[oa]s? víctimas? sobrevivientes? supervivientes?
            estados? país(?:es)? países naciones gobiernos? partes? miembros? integrantes?
            delegaciones votos? abstenciones signatari[oa]s? ratificaciones cascos soldados?
            militares? policías? civiles refugiad[oa]s? romaní romaníes familias? estudiantes?
            pobladores? prisioner[oa]s? acusad[oa]s? muert[oa]s? muertes fallecid[oa]s?
            asesinad[oa]s? desaparecid[oa]s? nombres? vidas judí[oa]s? rom gitan[oa]s? sinti tutsis?
            hutus? yazidíes rohinyás? rohingyas? armeni[oa]s? bosniac[oa]s? bosni[oa]s? kurd[oa]s?
            camboyan[oa]s? ucranian[oa]s?
            """),
        scale=_any("""
            cien cient[oa]s? centenar(?:es)? mil miles millar(?:es)? millón millones decenas?
            docenas?
            """),
        month=_any("""
            enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
            """),
        time=_any("segundos? minutos? horas? días? semanas? mes(?:es)? años? décadas? siglos?"),
        reference=_any("""
            artículos? resoluci[oó]n(?:es)? núms? núm párrs? párr párrafos? capítulos? llamados?
            páginas? regla número
            """),
        joining=frozenset({"de", "del", "los", "las", "un", "una"}),
    ),
}
