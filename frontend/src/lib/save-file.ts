/** Longer than a browser takes to begin reading what it saves; kept for good, it would fill the memory. */
const READ_WITHIN_MS = 60_000

/** Saves what is here as a file of the learner's: no server is asked. */
export function saveFile(content: Blob, name: string): void {
  const url = URL.createObjectURL(content)
  const link = Object.assign(document.createElement('a'), { href: url, download: name })
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), READ_WITHIN_MS)
}
