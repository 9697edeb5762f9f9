/** Files and folders that were dropped on the page. */

export async function filesOf(dropped: DataTransfer): Promise<File[]> {
  const entries = [...dropped.items].flatMap((item) => item.webkitGetAsEntry?.() ?? [])
  if (!entries.length) return [...dropped.files]
  return (await Promise.all(entries.map(inside))).flat()
}

async function inside(entry: FileSystemEntry): Promise<File[]> {
  if (entry.name.startsWith('.')) return []
  if (entry.isFile)
    return [await new Promise<File>((good, bad) => (entry as FileSystemFileEntry).file(good, bad))]
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  const found: File[] = []
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((good, bad) => reader.readEntries(good, bad))
    if (!some.length) return found
    found.push(...(await Promise.all(some.map(inside))).flat())
  }
}
