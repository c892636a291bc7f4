import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** A way to a server that can be cut, as when a phone leaves one network for another. */
export class Line {
  readonly port: number
  readonly #server: Server
  readonly #sockets: Set<Socket>
  #isCut = false

  private constructor(server: Server, sockets: Set<Socket>) {
    this.#server = server
    this.#sockets = sockets
    this.port = (server.address() as AddressInfo).port
    server.on('connection', (socket) => {
      if (this.#isCut) socket.destroy()
    })
  }

  static async to(port: number): Promise<Line> {
    const sockets = new Set<Socket>()
    const keep = (socket: Socket) => {
      sockets.add(socket)
      socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket))
    }
    const server = createServer((outside) => {
      const inside = connect(port, '127.0.0.1')
      keep(outside)
      keep(inside)
      outside.pipe(inside).pipe(outside)
      outside.on('close', () => inside.destroy())
      inside.on('close', () => outside.destroy())
    })
    await new Promise<void>((listens) => server.listen(0, '127.0.0.1', listens))
    return new Line(server, sockets)
  }

  /** Ends what is connected, and takes nothing new until it is mended. */
  cut(): void {
    this.#isCut = true
    for (const socket of this.#sockets) socket.destroy()
  }

  mend(): void {
    this.#isCut = false
  }

  close(): void {
    this.cut()
    this.#server.close()
  }
}
