//! Which words say nothing by themselves? English and German, for lists of telling words.
//!
//! The one home of such lists. Matching and sentiment do not use them: there every word counts.

use std::collections::HashSet;
use std::sync::LazyLock;

use foldhash::fast::FixedState;

const ENGLISH: &str = "a about above actually after again against ago ain all almost already also although always am amp \
    an and another any anybody anyone anything anyway are aren around as at away back be became because become been \
    before being below best better between both but by came can come comes coming could couldn day days did didn do does \
    doesn doing don done down during each either else enough etc even ever every everyone everything far few first for \
    from further gave get gets getting give given go goes going gone gonna good got gotta gt guess had hadn has hasn \
    have haven having he her here hers herself hey hi him himself his how however http https i idk if im imo in indeed \
    instead into is isn it its itself ive just keep know last least less let like ll lol lot lots lt made make makes \
    many may maybe me mean might mine more most much must my myself nbsp need next now of off often oh ok okay on once \
    one ones only onto or other others our ours ourselves out over own per perhaps please pretty put quite quot rather \
    re really rt said same saw say says see seem seems seen several shall she should shouldn since so some somebody \
    someone something sometimes soon still such sure take than thank thanks that thats the their theirs them \
    themselves then there theres these they thing things think this those though through thus till time times to today \
    together told tomorrow tonight too took toward tried try two until up upon ur us use used using ve very via want wants \
    was wasn way we well went were weren what whatever when where whether which while who whole whom whose why will \
    wish with within won would wouldn www year years yes yesterday yet you your youre yours yourself";

const GERMAN: &str = "ab aber ach alle allem allen aller alles allerdings als also am an ander andere anderen anderer \
    anderes auch auf aus außer außerdem bald bei beide beim bereits besser bin bis bisher bist bitte da dabei dadurch \
    dafür dagegen daher dahin damit danach dank danke dann daran darauf daraus darf darfst darin darüber darum das dass \
    daß davon davor dazu dein deine deinem deinen deiner dem den denen denn dennoch der deren derselbe des deshalb \
    dessen desto deswegen dich die dies diese dieselbe diesem diesen dieser dieses dir doch dort dran drauf drin du durch \
    dürfen eben ebenso eh ehe eher eigentlich ein eine einem einen einer eines einfach einige einigen einiger einiges \
    einmal endlich er erst es etwa etwas euch euer eure eurem euren eurer für ganz gar gegen gehabt gemacht genau \
    genug gerade gern gerne gesagt gewesen gibt ging gleich gut habe haben halt hast hat hatte hatten hätte hätten heute \
    hier hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer ihres im immer in indem ins irgend irgendwie ist ja jede \
    jedem jeden jeder jedes jedoch jemand jene jenem jenen jener jenes jetzt kam kann kannst kaum komme kommen kommt \
    konnte konnten könnte könnten können lassen lässt leider letzte letzten letzter liebe lieber machen macht mag mal man \
    manche manchem manchen mancher manches mehr mein meine meinem meinen meiner meines mich mir mit morgen muss musst \
    musste müssen muß mußte nach nachdem nächste nämlich neben nehmen noch nun nur nutzen ob obwohl oder oft ohnehin \
    paar sagen sagt sehen sehr sei seid sein seine seinem seinen seiner seines seit selber selbst sich sie siehe sind so \
    sobald sogar solch solche solchem solchen solcher solches soll sollen sollte sollten somit sondern sonst soviel \
    soweit sowie sowieso statt tag tage trotz trotzdem tun tut über überhaupt übrigens um und uns unser unsere unserem \
    unseren unserer unter usw viel viele vielen vieler vielleicht vom von vor vorher wann war wäre wären waren warst \
    warum was weder weg wegen weil weiter weitere weiteren weiterhin welche welchem welchen welcher welches wenig \
    wenige weniger wenn wer werde werden weshalb wie wieder wieso will willst wir wird wirklich wirst wo wohl wollen \
    wollte wollten worden wurde wurden würde würden zu zum zur zurück zusammen zwar zwei zwischen";

/// Negations: they say nothing alone, and change what stands beside them.
const NEGATIONS: &str = "cannot neither never no nobody none nor not nothing nowhere without \
    kein keine keinem keinen keiner keinerlei keines nicht nichts nie niemals niemand nirgends nix ohne";
/// Negations that also stand behind what they negate.
const BEHIND: &str = "nicht nie nichts niemand";

/// The words are known, so nobody can choose them to collide.
type Set = HashSet<&'static str, FixedState>;

static STOP_WORDS: LazyLock<Set> =
    LazyLock::new(|| ENGLISH.split_whitespace().chain(GERMAN.split_whitespace()).collect());
static NEGATING: LazyLock<Set> = LazyLock::new(|| NEGATIONS.split_whitespace().collect());

/// Whether a lowercase word says nothing by itself; negations are asked for apart.
pub(super) fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.contains(word)
}

/// Whether a lowercase word negates what follows.
pub(super) fn is_negation(word: &str) -> bool {
    NEGATING.contains(word)
}

/// Whether a negation may stand behind what it negates, as in `geht nicht`.
pub(super) fn negates_behind(word: &str) -> bool {
    BEHIND.split(' ').any(|negation| negation == word)
}
