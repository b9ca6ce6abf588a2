/** What a sentence says about the user. */
export interface Fact {
  about: "name" | "likes" | "place";
  value: string;
}

/** The end of a statement: punctuation, the end of the line, or "and" followed by the next statement. */
const END = String.raw`(?=\s*(?:[.,;!?\n]|$|\band (?:i|my|user)\b))`;

/** Each statement in the two forms it comes in: said by the user ("I like …") or remembered ("User likes …"). */
const STATEMENTS: Record<Fact["about"], RegExp> = {
  name: /(?:\bmy name is|\buser ?name is|\b(?:hi|hello|hey)[!,.]? +i(?:['’]| a)m) +([\p{L}-]+)/giu,
  likes: new RegExp(String.raw`\b(?:i|user) (?:also )?likes? +(.+?)${END}`, "gimu"),
  place: new RegExp(String.raw`\b(?:i|user) (?:also )?(?:just )?(?:moved to|lives? in) +(.+?)${END}`, "gimu"),
};

const ABBREVIATIONS: Record<string, string> = { sf: "San Francisco", nyc: "New York" };

/** Finds what a text says about the user, in the order name, likes, place. */
export function factsIn(text: string): Fact[] {
  const abouts = Object.keys(STATEMENTS) as Fact["about"][];
  return abouts.flatMap((about) =>
    [...text.matchAll(STATEMENTS[about])].map((match) => ({ about, value: tidy(about, match[1] ?? "") })),
  );
}

/** The sentence under which a fact is remembered; {@link factsIn} reads it back as the same fact. */
export function sentence(fact: Fact): string {
  switch (fact.about) {
    case "name":
      return `User name is ${fact.value}`;
    case "likes":
      return `User likes ${fact.value}`;
    case "place":
      return `User just moved to ${fact.value}`;
  }
}

/** Under which heading a fact belongs. */
export function topic(fact: Fact): string {
  if (fact.about === "name") return "Name";
  if (fact.about === "place") return "Location";
  return /pizza|pasta|sushi|ramen|taco|curry|food|eat/i.test(fact.value) ? "Food" : "Preferences";
}

function tidy(about: Fact["about"], value: string): string {
  if (about === "name") return value.charAt(0).toUpperCase() + value.slice(1);
  return ABBREVIATIONS[value.toLowerCase()] ?? value;
}
