import type { IconName } from '@/components/ui/icon'

/** The rooms of the settings, in the order of the list; each has an address of its own. */
export const SECTIONS = [
  { name: 'learning', path: '/settings/learning', icon: 'book' },
  { name: 'tutor', path: '/settings/tutor', icon: 'voice' },
  { name: 'sound', path: '/settings/sound', icon: 'microphone' },
  { name: 'display', path: '/settings/display', icon: 'letters' },
  { name: 'memory', path: '/settings/memory', icon: 'bookmark' },
  { name: 'account', path: '/settings/account', icon: 'person' },
  { name: 'data', path: '/settings/data', icon: 'box' },
] as const satisfies { name: string; path: `/settings/${string}`; icon: IconName }[]

export type SectionName = (typeof SECTIONS)[number]['name']
