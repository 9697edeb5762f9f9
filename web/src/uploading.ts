/** The names under which files are uploaded: all in one folder, so no two may be the same. */

/** A name for each file, its own unless an earlier file has that; as the server writes it, in any case of letters. */
export function namesApart(names: readonly string[]): string[] {
  const taken = new Set<string>()
  return names.map((name) => {
    let apart = name
    for (let n = 1; taken.has(written(apart)); n++) apart = `${n}_${name.slice(-100)}`
    taken.add(written(apart))
    return apart
  })
}

const written = (name: string): string => name.replace(/[^\w.\- ]/gu, '_').slice(-120).toLowerCase()
