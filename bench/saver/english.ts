/**
 * English-like text that is the same in every run. Compressors see what they see in prose: a large vocabulary, short
 * function words between rare ones, names, numbers and punctuation, and no sentence twice.
 */
export class English {
  #state: number;

  /** @param seed the same seed gives the same text. */
  constructor(seed: number) {
    this.#state = seed;
  }

  /** Sentences of between so many characters in all. */
  text(least: number, most: number): string {
    const length = least + Math.floor(this.#random() * (most - least + 1));
    let text = this.#sentence();
    while (text.length < length) text += ` ${this.#sentence()}`;
    return `${text.slice(0, length - 1).trimEnd()}.`.padEnd(least, ".");
  }

  #sentence(): string {
    const sentence = this.#fill(this.#pick(SENTENCES));
    return sentence[0]?.toUpperCase() + sentence.slice(1);
  }

  /** Replaces each `{kind}` by a word or phrase of that kind. */
  #fill(pattern: string): string {
    return pattern.replace(/\{(\w+)\}/g, (_, kind: string) => {
      if (kind === "number") return String(Math.floor(10 ** (1 + this.#random() * 3)));
      return this.#fill(this.#pick(KINDS[kind] as readonly string[]));
    });
  }

  #pick(from: readonly string[]): string {
    return from[Math.floor(this.#random() * from.length)] as string;
  }

  /** Mulberry32: numbers from 0 to 1. */
  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

const SENTENCES: readonly string[] = [
  "{clause}.",
  "{clause}.",
  "{clause}, {link} {clause}.",
  "{clause} {because} {clause}.",
  "{adverb}, {clause}.",
  "{when} {clause}, {clause}.",
  "could you {verb} {thing} {where}, please?",
  "how do I {verb} {thing} without {doing} {thing}?",
  "what happens to {thing} {when} {clause}?",
  "I have {number} {noun}s {where}, and {amount} of them are {adjective}.",
  "thanks, {name}, that {past} {thing}.",
  "try to {verb} {thing} first, then {verb} {thing} and {verb} the {noun}.",
  "in {place}, {thing} {past} {number} {noun}s {where}.",
  "{name} said that {clause}, which is {adjective}.",
  "there is {thing} {where}: {clause}.",
  "it depends on {thing}, on {thing}, and on how {adjective} {thing} is.",
];

const KINDS: Readonly<Record<string, readonly string[]>> = {
  clause: [
    "{thing} {past} {thing}",
    "{thing} {past} {thing} {where}",
    "{subject} {past} {thing}",
    "{subject} {modal} {verb} {thing} {where}",
    "{subject} {modal} {adverb} {verb} {thing}",
    "{thing} is {adverb} {adjective}",
    "{thing} was {adjective} {where}",
    "{subject} would like to {verb} {thing}",
    "{subject} started {doing} {thing}",
  ],
  thing: [
    "the {noun}",
    "the {adjective} {noun}",
    "{their} {noun}",
    "a {noun} of {thing}",
    "{amount} {noun}s",
    "{their} {adjective} {noun}",
    "the {noun} from {place}",
    "{number} {noun}s",
    "{name}'s {noun}",
  ],
  where: [
    "in the {noun}",
    "near {place}",
    "at the end of the {noun}",
    "behind {their} {noun}",
    "for {number} days",
    "since {month}",
    "with {thing}",
    "between {place} and {place}",
    "under the {adjective} {noun}",
    "without {thing}",
    "last {month}",
  ],
  doing: ["looking for", "replacing", "counting", "reading", "thinking about", "paying for", "moving"],
  subject: words("I you we they she he nobody everyone {name} {name} somebody {name}"),
  their: words("my your our their his her its this that every another"),
  modal: words("can could should would might must will cannot did"),
  link: words("and but so yet or"),
  because: ["because", "although", "while", "until", "even though", "as long as", "in case", "so that"],
  when: ["when", "if", "before", "after", "once", "whenever", "unless"],
  amount: ["some", "many", "a few", "most", "several", "two", "three", "hardly any", "a dozen", "half"],
  adverb: words(`
    usually recently quickly perhaps unfortunately clearly already almost apparently carefully certainly directly
    eventually exactly fairly finally frankly gradually honestly immediately luckily merely mostly naturally nearly
    obviously occasionally originally partly possibly presumably previously probably properly rarely really roughly
    seriously silently slightly slowly simply sometimes suddenly surprisingly thoroughly together twice typically`),
  month: words(`
    January February March April May June July August September October November December Monday Tuesday Wednesday
    Thursday Friday Saturday Sunday week winter spring summer autumn`),
  name: words(`
    Alice Bogdan Carmen Dmitri Elena Farouk Giulia Hassan Ingrid Jamal Keiko Lars Miriam Nkechi Oscar Priya Quentin
    Rosa Stefan Tamara Ulrich Valentina Wei Ximena Yusuf Zofia Margaret Theodore Beatrice Solomon Whitfield Okafor`),
  place: words(`
    Lisbon Nairobi Kyoto Bergen Montreal Valparaiso Tbilisi Hanoi Glasgow Kraków Accra Bologna Reykjavik Adelaide
    Oaxaca Tallinn Marseille Pune Winnipeg Zagreb Chicago Lagos Dunedin Antwerp Seville Philadelphia Hokkaido Cork`),
  adjective: words(`
    abrupt acceptable ancient anxious awkward bitter blank blue brave brief bright broken calm careless cheap clumsy
    coarse complete complex constant costly crooked crowded curious damp dangerous decent deep delicate distant dry dull
    eager early elaborate empty enormous equal exact expensive faint fair familiar famous fierce final flat foreign
    fragile fresh frequent gentle genuine grateful green grey harmless hasty heavy helpful hollow honest hostile humble
    ideal idle immense innocent instant intense jealous keen large late lazy legal level likely little local lonely
    loose loud lucky massive mature mild modern modest mutual narrow native neat nervous noble noisy normal obscure odd
    official old orange ordinary pale partial patient plain pleasant polite popular precious precise pretty private
    proper proud public pure quiet quick random rapid rare raw ready recent red remote rich rigid ripe rough round rude
    rural sacred safe scarce secret severe shallow sharp shiny short silent silly similar simple sincere slender slight
    slow smooth sober soft solid sore sour spare special stable stale steady steep stiff strange strict subtle sudden
    suitable sweet swift tall tame tender thick thin tidy tight tiny tough tragic true ugly uneven unique upset urgent
    useful usual vague vain valid vast violent visible vital vivid warm weak wealthy weird wet whole wicked wide wild
    wise wooden worthy wrong yellow young`),
  past: words(`
    accepted admired adopted affected allowed announced answered approached arranged avoided blamed blocked borrowed broke
    brought built bought called carried caught caused celebrated changed checked chose claimed cleaned climbed closed
    collected compared completed concerned confirmed confused connected considered contained continued controlled copied
    corrected counted covered created crossed damaged decided declined defended delayed delivered demanded described
    destroyed discovered discussed divided doubled dropped earned encouraged ended enjoyed entered escaped examined
    expected explained explored faced favoured feared filled finished fixed followed forced forgot found gathered gave
    guarded guessed handled hated heard helped hid hired hit hurt ignored imagined improved included increased informed
    inspired invented invited joined judged kept knew launched learned left lifted liked limited listed lost loved made
    managed marked matched measured mentioned met missed mixed moved named needed noticed observed obtained offered opened
    ordered owned packed painted passed placed planned pleased pressed prevented printed produced promised protected
    proved provided published pulled punished pushed raised reached received recorded reduced refused rejected released
    remembered removed rented repaired repeated replaced reported requested required rescued respected returned revealed
    ruined saved searched selected sent separated served settled shared shocked shot showed signed solved sorted sold
    split spoiled stopped stored studied suggested supplied supported surprised surrounded survived swallowed taught
    tested threw tied told took touched traced traded transformed translated trusted turned understood united used
    visited wanted warned washed wasted watched welcomed won wrapped wrote`),
  verb: words(`
    accept adjust advise analyse apply arrange assemble attach balance book borrow bring build calculate cancel carry
    celebrate change check choose clean collect combine compare confirm connect consider convert cook copy correct count
    cover create cut decorate defend define deliver describe design detect develop discuss divide draw drive eat edit
    employ enjoy estimate examine exchange expand explain explore export extend fetch fill filter find finish fix follow
    forget gather grow guess handle heat help hide highlight hire identify ignore import improve include inspect install
    invent invite join judge keep label launch learn lend lift limit list load locate lock lower manage mark match measure
    memorise mend mention merge move name notice obtain offer open order organise pack paint park plan plant practise
    predict prepare present prevent print protect prove publish pull purchase push raise reach recommend record recycle
    reduce refill remember remove rent repair repeat replace report rescue reserve restore return review rewrite save
    schedule search select sell send share show simplify solve sort split start stop store study submit suggest summarise
    support swap teach test trace trade translate trust update upgrade use verify visit wash watch weigh wrap write`),
  noun: words(`
    accident account actor address advert agreement airport album alarm angle animal answer apartment appeal apple
    argument army arrow artist attempt author avenue balcony ball banana bank bargain basket battery beach bean bed bell
    belt benefit bicycle bill bird birthday biscuit blanket boat bone book border bottle boundary bowl branch brick bridge
    brother bucket budget builder bus button cabin cable cake calendar camera candle captain card carpet castle cat cause
    ceiling century chair chance chapter charge cheese chicken child choice circle citizen claim clock cloud coach coast
    coat coffee coin colour column comment community company computer concert condition contract cook corner cottage
    cotton cousin crisis crowd culture cup curtain customer damage dancer daughter deadline debate debt decade decision
    degree delivery dentist deposit desert design desk detail device diary dinner direction discount disease distance
    doctor dog door doubt drawer dream dress drink driver duty ear editor effort egg election elephant employer engine
    envelope error evening event example excuse exercise expert factory failure farm farmer feather feature fence festival
    field figure film finger fire fish flag flat flavour flight flood floor flower folder forest fork fortune frame friend
    fruit funeral game garage garden gate ghost gift glass glove goal goat grain group guard guest guide guitar habit
    hammer harbour harvest hat heart height hero highway hill hobby holiday horse hospital hotel hour house idea image
    income injury insect inspector interview invoice island jacket jewel job joke journal journey judge juice kettle key
    kitchen knee knife ladder lake lamp language laptop lawyer leader leaf lecture lemon lesson letter library licence
    limit lion list lock lorry machine magazine manager map market match meadow meal meaning medal member memory menu
    message metal method mile minister minute mirror mistake model moment monkey month mother motor mountain mouse
    museum nail neck needle neighbour nerve network newspaper night noise north note notebook novel nurse object ocean
    office officer onion opera opinion orchard oven owner page pain palace panel paper parcel parent park partner party
    passage passenger password path pattern payment peach pencil penny pepper phone photograph phrase piano picture
    pigeon pillow pilot pipe planet plate platform player plot pocket poem poet police policy pond potato prayer present
    prison problem profit promise proof property proposal pupil purpose quarter queen question queue rabbit radio railway
    reason receipt recipe record refund region relative report result reward rhythm ribbon river road robot roof room
    root rope route rule sailor salad sample sandwich scale school scientist screen sculpture season secret sentence
    server shadow sheep shelf ship shirt shop shoulder signal singer sister skirt soldier song soup spider spoon square
    staircase station statue stomach stone storm story stranger stream street student subject suburb suggestion suitcase
    supper surface survey sweater symbol system table tailor target task taxi teacher temple tent theatre theory thief
    thought thread throat ticket tiger title tomato tongue tool tooth tournament tower town toy tractor tradition train
    treasure treaty tree trial triangle trip truck tunnel umbrella uncle uniform university valley vegetable vehicle
    victory village violin visitor voice volcano voyage waiter wallet wardrobe warning weapon weather wedding wheel
    whistle widow window wing winner winter witness wolf worker workshop wound writer yard year zone`),
};
