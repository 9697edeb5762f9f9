/** The WebSocket of a session: progress, partial answers and previews; it reconnects by itself. */

import { readFrame, type Frame } from './frame'
import type { Prompt, Told } from './wire'

export interface Ears {
  told: (message: Told) => void
  frame: (frame: Frame) => void
  connected: (yes: boolean, again: boolean) => void
}

export class Live {
  private socket: WebSocket | null = null
  private number = 0
  private closed = false
  private tries = 0

  constructor(
    private readonly id: string,
    private readonly ears: Ears,
  ) {
    this.connect()
  }

  /** Ask what a mark would change; a newer question supersedes it. */
  preview(object: number, prompt: Prompt, replacing: number | null): number {
    this.number++
    this.send({ kind: 'preview', number: this.number, object, prompt, replacing })
    return this.number
  }

  close(): void {
    this.closed = true
    this.socket?.close()
  }

  private send(message: object): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message))
  }

  private connect(): void {
    const address = new URL(`/api/sessions/${this.id}/live`, location.href)
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
    const socket = new WebSocket(address)
    let frames = Promise.resolve()
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => {
      this.ears.connected(true, this.tries > 0)
      this.tries = 0
    }
    socket.onmessage = ({ data }) => {
      frames = frames.then(async () => {
        if (typeof data === 'string') this.ears.told(JSON.parse(data) as Told)
        else this.ears.frame(await readFrame(data as ArrayBuffer))
      })
    }
    socket.onclose = () => {
      if (this.closed) return
      this.ears.connected(false, false)
      this.tries++
      setTimeout(() => !this.closed && this.connect(), Math.min(8000, 250 * 2 ** this.tries))
    }
    this.socket = socket
  }
}
