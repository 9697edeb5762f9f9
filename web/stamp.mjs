/** Writes beside the built page what it was built from; `tests/test_page_built.py` compares. */

import { createHash } from 'node:crypto'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'

const parts = ['index.html', 'package-lock.json', 'vite.config.ts', 'public', 'src']
const files = parts.flatMap((part) =>
  part.includes('.')
    ? [part]
    : readdirSync(part, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => `${entry.parentPath}/${entry.name}`.replaceAll('\\', '/')),
)
const hash = createHash('sha256')
for (const file of files.sort()) {
  hash.update(`${file}\n`)
  hash.update(readFileSync(file, 'utf8').replaceAll('\r\n', '\n'))
}
writeFileSync('../src/delineate/serve/static/sources.sha256', `${hash.digest('hex')}\n`)
