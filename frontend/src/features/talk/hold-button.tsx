import { useEffect, useRef, type KeyboardEvent, type PointerEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '@/components/ui/icon'

/** A microphone that is open for as long as the learner holds it. */
export interface PushToTalk {
  held: boolean
  press: () => void
  release: () => void
}

/** Held down by a finger, the mouse, Space or Enter; let go by whatever takes the hold away. */
export function HoldButton({ held, press, release }: PushToTalk) {
  const { t } = useTranslation('talk')
  const holding = useRef(false)

  const hold = () => {
    if (holding.current) return
    holding.current = true
    press()
  }
  const letGo = () => {
    if (!holding.current) return
    holding.current = false
    release()
  }
  const latestLetGo = useRef(letGo)
  useEffect(() => {
    latestLetGo.current = letGo
  })
  // A button that goes away under the finger must not leave the microphone open.
  useEffect(() => () => latestLetGo.current(), [])

  const byPointer = (event: PointerEvent<HTMLButtonElement>) => {
    if (event.button !== 0) return
    event.currentTarget.setPointerCapture(event.pointerId)
    hold()
  }
  const byKey = (event: KeyboardEvent) => {
    if (event.key !== ' ' && event.key !== 'Enter') return
    event.preventDefault()
    hold()
  }
  return (
    <button
      type="button"
      className={`flex min-h-15 w-full touch-none items-center justify-center gap-2 rounded-full border px-5 text-base leading-tight font-medium transition-[background-color,color,scale] duration-150 select-none ${
        held ? 'scale-102 border-learner bg-learner text-paper' : 'border-edge bg-raised text-ink'
      }`}
      onPointerDown={byPointer}
      onPointerUp={letGo}
      onPointerCancel={letGo}
      onLostPointerCapture={letGo}
      onKeyDown={byKey}
      onKeyUp={letGo}
      onBlur={letGo}
      // A long press on a phone would open the menu of the browser over the talk.
      onContextMenu={(event) => event.preventDefault()}
    >
      <Icon name="microphone" />
      {held ? t('hold.held') : t('hold.name')}
    </button>
  )
}
