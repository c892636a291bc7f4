import { spawn, type ChildProcess } from 'node:child_process'
import { createWriteStream, mkdirSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { dirname, resolve } from 'node:path'

/** The checkout, where people start these programs. */
const ROOT = resolve(import.meta.dirname, '../../..')

/** A program that a test runs, with its output in a file. */
export class Running {
  readonly #child: ChildProcess
  readonly #gone: Promise<void>
  readonly #name: string

  constructor(command: string, args: string[], env: NodeJS.ProcessEnv, log: string) {
    this.#name = command
    mkdirSync(dirname(log), { recursive: true })
    const file = createWriteStream(log, { flags: 'a' })
    this.#child = spawn(command, args, { env, cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child.stdout?.pipe(file)
    this.#child.stderr?.pipe(file)
    this.#gone = new Promise((resolve) => {
      this.#child.once('exit', () => resolve())
      this.#child.once('error', () => resolve())
    })
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Asks it to stop, and waits until it has. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<void> {
    if (!this.isRunning) return
    this.#child.kill(signal)
    const insist = setTimeout(() => this.#child.kill('SIGKILL'), 20_000)
    await this.#gone
    clearTimeout(insist)
  }

  /** Waits until `isReady`; a program that dies before that is an error of its own. */
  async until(isReady: () => Promise<boolean>, patienceMs: number): Promise<void> {
    const deadline = Date.now() + patienceMs
    while (!(await isReady().catch(() => false))) {
      if (!this.isRunning) throw new Error(`${this.#name} ended before it was ready`)
      if (Date.now() > deadline) throw new Error(`${this.#name} was not ready in time`)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

/** Below the ports of outgoing connections, one of which could take that of a server while it restarts. */
const LOWEST_PORT = 16_000
const PORTS = 16_000

/** Ports that nobody listens on at this moment. */
export async function freePorts(count: number): Promise<number[]> {
  const held = new Map<number, Server>()
  while (held.size < count) {
    const port = LOWEST_PORT + Math.floor(Math.random() * PORTS)
    const server = held.has(port) ? null : await listen(port)
    if (server !== null) held.set(port, server)
  }
  await Promise.all([...held.values()].map((server) => new Promise((done) => server.close(done))))
  return [...held.keys()]
}

function listen(port: number): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(null))
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}
