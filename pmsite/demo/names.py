"""Invented people: given and family names from many languages, never a real person on purpose."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random


def _words(text: str) -> list[str]:
    return text.split()


GIVEN = _words(
    """
    Aaliyah Abel Adaeze Agnieszka Ahmed Aiko Alejandra Amara Amir Anders Andrea Anouk Ansel
    Arjun Astrid Ayşe Bao Beatriz Benedikt Bogdan Brigid Caio Callum Camille Carmen Chiara
    Chidi Ciara Clara Dalia Damian Dana Darius Deniz Diego Dina Dmitri Ebba Eduardo Eilidh
    Elif Elin Emeka Emre Enzo Esi Esther Eva Fatou Felix Fiona Florin Freya Gabriela Giulia
    Goran Greta Hana Hannes Haruto Hassan Helena Hugo Ibrahim Ifeoma Ilse Imani Ines Ingrid
    Irina Isak Ivana Jakub Jana Javier Jelena Joana Jonas Jorge Josef Kaia Kamal Karim
    Katarina Keiko Kenji Kofi Kwame Lamar Lars Laszlo Leila Lena Liam Lina Linh Lorenzo
    Lucia Luka Magda Mahmoud Maja Malik Manon Marek Mariam Marta Mateo Matthias Mei Mercy
    Mila Milan Minh Mirela Nadia Naoki Natalia Nia Nikolai Nina Noor Olga Oluchi Oscar Pablo
    Paloma Pavel Petra Pilar Priya Rafael Rahul Ravi Rosa Ruth Sabine Salma Samuel Sanna
    Sara Selin Sina Sofia Stefan Sunita Svea Tadeusz Tamar Tariq Teresa Thandi Theo Tomás
    Uma Valentina Viktor Vikram Wanjiru Wiebke Xavier Yara Yasmin Yuki Yusuf Zainab Zofia
    Zsófia
    """
)

FAMILY = _words(
    """
    Abara Achterberg Adeyemi Aksoy Albrecht Almeida Andersen Aoki Arslan Baptiste Barbosa
    Baranov Bergström Bianchi Boateng Bogdanović Borges Brannigan Breen Byrne Calderón
    Campos Carvalho Castellano Cheng Chowdhury Cisneros Conti Correia Costa Csonka Dahl
    Danso Delacroix Demir Desai Diallo Dlamini Dobrev Dogan Dragić Dubois Duarte Eklund
    Eriksen Esposito Fagan Farkas Fernandes Ferrari Fofana Fontaine Fujita Gallardo Garza
    Girard Gjoka Gruber Gutierrez Haddad Halvorsen Hansen Hartono Hashemi Hernández Hidalgo
    Hofstra Horvat Hussain Ibarra Ivanović Jansen Jovanović Juhász Kaplan Kariuki Kasprzak
    Kaur Keller Khalil Kimura Kovač Kowalczyk Krüger Kumar Laurent Lindqvist Lombardi Lopes
    Lund Maddox Magnusson Mahlangu Makinde Malik Marchetti Markov Mbeki Mensah Meyer Moreau
    Moretti Morita Mwangi Nakamura Navarro Ndiaye Nguyen Nieminen Novak Nowak Nyström Obi
    Ochieng Okafor Oliveira Olsen Ortega Osei Özdemir Papadakis Pereira Petrov Pham Pinto
    Popescu Quist Ramírez Rashid Reyes Ricci Rossi Sahin Saito Salazar Santos Sato Schäfer
    Serrano Shah Silva Sørensen Soto Suzuki Szabó Takahashi Tanaka Thapa Torres Tóth Tran
    Tshabalala Uzun Vargas Vasquez Venter Verma Vidal Vieira Vogel Watanabe Weiss Wójcik
    Yamada Yıldız Zamora Zeller Zielinski Zulu
    """
)


def names(random: Random) -> Iterator[str]:
    """Full names without end in sight, none twice."""
    seen = set()
    while True:
        name = f"{random.choice(GIVEN)} {random.choice(FAMILY)}"
        if name not in seen:
            seen.add(name)
            yield name
