/** Icons, drawn on a grid of 24. */

const PATHS: Record<string, string> = {
  cross: 'M12 3v6M12 15v6M3 12h6M15 12h6',
  box: 'M5 5h14v14H5z',
  click: 'M12 8v8M8 12h8M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18',
  scribble: 'M3 17c3-9 5-9 6-3s3 5 5-2s4-6 7-4',
  lasso: 'M12 5c5 0 8 2 8 5s-3 5-8 5s-8-2-8-5s3-5 8-5M9 15c-3 1-3 5 0 5',
  paint: 'M20 4L10 14M9 14c-3 0-3 3-5 5c4 1 7 0 7-3z',
  threshold: 'M3 19h4v-6h4V7h4v4h4v8M3 3v18h18',
  undo: 'M8 5L4 9l4 4M4 9h10a5 5 0 0 1 0 10h-3',
  redo: 'M16 5l4 4l-4 4M20 9H10a5 5 0 0 0 0 10h3',
  eye: 'M2 12c4-7 16-7 20 0c-4 7-16 7-20 0M12 9a3 3 0 1 0 0 6a3 3 0 1 0 0-6',
  hide: 'M4 4l16 16M2 12c2-3 5-5 8-5M22 12c-2 3-5 5-8 5',
  lock: 'M6 11h12v9H6zM8 11V8a4 4 0 0 1 8 0v3',
  unlock: 'M6 11h12v9H6zM8 11V8a4 4 0 0 1 7-2',
  bin: 'M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  left: 'M15 5l-7 7l7 7',
  right: 'M9 5l7 7l-7 7',
  check: 'M4 12l6 6L20 6',
  save: 'M12 4v11M7 10l5 5l5-5M4 20h16',
  folder: 'M3 6h7l2 3h9v10H3z',
  image: 'M4 5h16v14H4zM4 16l5-5l4 4l3-3l4 4',
  help: 'M9 9a3 3 0 1 1 4 3c-1 .5-1 1-1 2M12 18v.5',
  close: 'M6 6l12 12M18 6L6 18',
  seed: 'M12 20v-8M12 12c0-4 3-6 7-6c0 4-3 6-7 6M12 14c0-3-2-5-6-5c0 3 2 5 6 5',
  reset: 'M5 12a7 7 0 1 0 2-5M7 3v4h4',
  target: 'M12 4a8 8 0 1 0 0 16a8 8 0 1 0 0-16M12 2v5M12 17v5M2 12h5M17 12h5',
  planes: 'M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z',
  single: 'M4 4h16v16H4z',
  compare: 'M4 4h7v16H4zM13 4h7v16h-7z',
  solid: 'M12 3l8 4.5v9L12 21l-8-4.5v-9zM12 12l8-4.5M12 12v9M12 12L4 7.5',
}

export function Icon({ name }: { name: string }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  )
}
