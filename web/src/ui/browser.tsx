/** A listing of the server's folder, and choosing files of this computer. */

import { useEffect, useState } from 'preact/hooks'
import * as server from '../server'
import * as store from '../store'
import type { Listing } from '../wire'
import { Button } from './widgets'
import { Icon } from './icon'

const FORMATS: Record<string, string> = { nifti: 'NIfTI', nrrd: 'NRRD', dicom: 'DICOM series', picture: 'Picture' }

/** `together` is for several images that are channels of one. */
export function Browser({ pick, progress, together }: {
  pick: (path: string) => void; progress?: boolean; together?: (paths: string[]) => void
}) {
  const [ticked, setTicked] = useState<string[]>([])
  const tick = (path: string) =>
    setTicked(ticked.includes(path) ? ticked.filter((each) => each !== path) : [...ticked, path])
  const [folder, setFolder] = useState('')
  const [listing, setListing] = useState<Listing | null>(null)
  useEffect(() => void server.files(folder).then(setListing, store.fail), [folder])
  if (!listing) return <p class="hint">Reading the folder …</p>
  const { parent, images } = listing
  const folders = listing.folders.filter(({ path }) => !images.some((image) => image.path === path))
  return (
    <div class="browser">
      <p class="where">
        <Icon name="folder" /> {store.about.value?.folder}{folder && ` / ${folder}`}
      </p>
      <ul>
        {parent !== null && folder && <li><Button title="Up" onClick={() => setFolder(parent)}>‹ Up</Button></li>}
        {folders.map(({ name, path }) => (
          <li key={path}><Button icon="folder" title={`Look into ${name}`} onClick={() => setFolder(path)}>{name}</Button></li>
        ))}
        {images.map(({ name, path, format, bytes, status }) => (
          <li key={path} class={together && 'ticked'}>
            {together && (
              <input type="checkbox" checked={ticked.includes(path)} disabled={format === 'dicom'} onChange={() => tick(path)}
                aria-label={`${name} as a channel`} title="Tick several images of one scan, such as T1 and FLAIR, to open them as its channels" />
            )}
            <Button icon="image" kind="file" title={`Open ${name}`} onClick={() => pick(path)}>
              <span class="name">{name}</span>
              <span class="about">{FORMATS[format] ?? format}{bytes ? ` · ${weight(bytes)}` : ''}</span>
              {progress && <span class={`state ${status.replace(' ', '')}`}>{status}</span>}
            </Button>
          </li>
        ))}
      </ul>
      {together && ticked.length > 1 && (
        <Button kind="strong" id="open-together" title={ticked.join(', ')} onClick={() => together(ticked)}>Open {ticked.length} as channels of one image</Button>
      )}
      {!folders.length && !images.length && <p class="hint">There is no image here.</p>}
      {listing.more && <p class="hint">There are more images than are listed.</p>}
    </div>
  )
}

const weight = (bytes: number): string =>
  bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1e3))} kB`

export function FilePicker({ label, choose, folders }: {
  label: string; choose: (files: File[]) => void; folders?: boolean
}) {
  return (
    <label class="button strong picker">
      <Icon name="folder" /> {label}
      <input
        type="file" multiple {...(folders ? { webkitdirectory: true } : {})}
        onChange={(event) => {
          const input = event.target as HTMLInputElement
          const files = [...(input.files ?? [])]
          input.value = ''
          if (files.length) choose(files)
        }}
      />
    </label>
  )
}
